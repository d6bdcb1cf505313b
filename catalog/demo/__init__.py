"""The demo: people, gifts, quizzes, and real civic reports replayed through the public API."""
