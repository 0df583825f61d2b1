"""Deployment: .tflite, the model compiler, firmware and the virtual board."""
