"""What is answered without the model, and 영타: Korean typed on an English keyboard."""
