"""The parts of python -m pipelines.publish."""
