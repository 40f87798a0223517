"""The lab's own base model: how its text, tokenizer and weights are made, and how good it is."""
