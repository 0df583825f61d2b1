"""Learning: Keras models, training and metrics."""
