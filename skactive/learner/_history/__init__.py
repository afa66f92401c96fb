"""What was answered, in memory and in a file."""
