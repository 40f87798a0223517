"""What an export is made of: a merged model, GGUF files, a Modelfile, and the proof of their ids."""
