"""Runners: what turns a request into loops, one module a family."""
