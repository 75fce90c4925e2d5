"""The page and OpenAI's API: who may ask, who is next, and how an answer goes over the wire."""
