"""What every provider's adapter is built from: transport, failures, OAuth, decoding."""
