"""Classifiers that tell human music from machine-made: the released network, and a small stand-in."""
