"""Networks, as transformers models."""
