"""The sections of the page, each as a function from the manifest to HTML."""
