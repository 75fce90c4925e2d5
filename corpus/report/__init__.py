"""`processed/_report.html`: what is in a corpus, what was lost and why, and is it good Korean."""
