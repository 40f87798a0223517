"""Engines: where an answer is computed. Transformers is the reference, llama.cpp the fast one."""
