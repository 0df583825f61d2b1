"""Studies: many models and sounds, compared; the tasks that pages submit."""
