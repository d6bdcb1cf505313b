"""Taking back what staff have just done, where that is safe."""
