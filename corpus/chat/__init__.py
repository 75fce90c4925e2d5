"""Talk to a trained model: in the terminal, in the browser, and from any OpenAI client."""
