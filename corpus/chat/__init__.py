"""Talk to a trained model: the decoder, what it is given, how a reply is drawn, and who shows it."""
