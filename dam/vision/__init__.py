"""Photographs: convolutional networks that others trained, coupled to a dense memory."""
