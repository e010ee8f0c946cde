"""What a stack costs a month when nobody uses it: prices, and what of it is paid for."""
