"""Quizzes: questions, attempts, grading."""
