"""What people write, and what buttons say, to get no more messages: language by language. Pure."""
