"""Decoding: constraints as masks, draws, and the loop that writes a batch of rows."""
