"""Grading: one point for each right answer, nothing graded when anything is not understood."""

from __future__ import annotations

import pytest

from points.quizzes.grading import AnswersInvalid, KeyedQuestion, Mark, grade, percent_of

QUESTIONS = [
    KeyedQuestion("q1", ("a", "b", "c"), "b"),
    KeyedQuestion("q2", ("a", "b"), "a"),
    KeyedQuestion("q3", ("a", "b"), "b"),
]


def test_each_right_answer_is_one_point() -> None:
    graded = grade(QUESTIONS, {"q1": "b", "q2": "b", "q3": "b"})
    assert (graded.score, graded.max_score) == (2, 3)
    assert graded.marks == (Mark("q1", "b", True), Mark("q2", "b", False), Mark("q3", "b", True))


def test_a_question_left_out_is_wrong() -> None:
    graded = grade(QUESTIONS, {"q1": "b"})
    assert graded.score == 1
    assert graded.marks[1] == Mark("q2", None, False)


def test_no_answers_at_all_score_nothing() -> None:
    assert grade(QUESTIONS, {}).score == 0


def test_marks_stand_in_the_order_of_the_questions_whatever_the_order_of_answers() -> None:
    graded = grade(QUESTIONS, {"q3": "b", "q1": "a"})
    assert [mark.question_id for mark in graded.marks] == ["q1", "q2", "q3"]


def test_unknown_questions_and_options_are_all_named() -> None:
    with pytest.raises(AnswersInvalid) as refused:
        grade(QUESTIONS, {"q1": "z", "q9": "a", "q2": "c", "q3": "b"})
    assert refused.value.unknown_questions == ["q9"]
    assert refused.value.unknown_options == ["q1", "q2"]


@pytest.mark.parametrize(
    ("score", "most", "percent"), [(0, 5, 0), (3, 5, 60), (4, 5, 80), (5, 5, 100), (2, 3, 66), (199, 200, 99)]
)
def test_a_percentage_is_cut_so_that_100_means_full_marks(score: int, most: int, percent: int) -> None:
    assert percent_of(score, most) == percent
