"""The parts of the CPU evaluation: items, tasks, health of the format, metrics, statistics."""
