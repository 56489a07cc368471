"""What people write when they want no more messages, language by language. Pure."""
