"""Is it a good chatbot: replies to fixed prompts, measured, with floor and ceiling beside them."""
