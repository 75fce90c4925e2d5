"""Talk to a trained model: decoder, window, draw, and what shows the replies to people."""
