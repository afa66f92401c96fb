"""The contracts that `skactive.base` presents, one module each."""
