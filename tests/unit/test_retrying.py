"""When a call to GitHub is made again: no write that may be done, not sooner than GitHub asks, not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.doors.github.retrying import NO_ANSWER, SAFE, Answer, Patience, growing, wait_s

NOW = 1_800_000_000.0
PATIENCE = Patience()
METHODS = st.sampled_from((*SAFE, "POST"))
STATUSES = st.sampled_from((NO_ANSWER, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504))
WORDS = st.text(max_size=8) | st.integers(0, 10**5).map(str) | st.just("Wed, 21 Oct 2026 07:28:00 GMT")
HEADERS = st.dictionaries(
    st.sampled_from(("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset")),
    WORDS | st.just("0") | st.integers(-10, 10**4).map(lambda left: str(int(NOW) + left)),
)
MESSAGES = st.sampled_from(("", "You have exceeded a secondary rate limit.", "Resource not accessible", "Not Found"))
ANSWERS = st.builds(Answer, STATUSES, HEADERS, MESSAGES)
ATTEMPTS = st.integers(1, 8)


@given(ANSWERS, METHODS, ATTEMPTS)
def test_a_wait_is_never_negative_nor_longer_than_patience_allows(answer: Answer, method: str, attempt: int) -> None:
    wanted = wait_s(answer, method, attempt, PATIENCE, NOW)
    assert wanted is None or 0 <= wanted <= PATIENCE.longest_s


@given(ANSWERS, METHODS)
def test_it_ends_after_so_many_tries_whatever_comes(answer: Answer, method: str) -> None:
    assert wait_s(answer, method, PATIENCE.tries, PATIENCE, NOW) is None


@given(ANSWERS, ATTEMPTS)
def test_a_write_that_adds_is_sent_again_only_where_nothing_was_done(answer: Answer, attempt: int) -> None:
    if wait_s(answer, "POST", attempt, PATIENCE, NOW) is not None:
        assert answer.is_limited


@given(ANSWERS, METHODS, ATTEMPTS)
def test_a_plain_no_is_final(answer: Answer, method: str, attempt: int) -> None:
    if not answer.is_limited and not answer.is_broken:
        assert wait_s(answer, method, attempt, PATIENCE, NOW) is None


@given(st.integers(0, 2000), st.sampled_from((403, 429)), METHODS)
def test_what_github_asks_for_is_kept_to_the_second_or_not_waited_for(after: int, status: int, method: str) -> None:
    answer = Answer(status, {"retry-after": str(after)})
    assert wait_s(answer, method, 1, PATIENCE, NOW) == (after if after <= PATIENCE.longest_s else None)


@given(st.integers(-10, 800))
def test_a_spent_hour_is_waited_for_until_it_begins_anew(left: int) -> None:
    answer = Answer(429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + left)})
    wanted = wait_s(answer, "POST", 1, PATIENCE, NOW)
    assert wanted is not None and NOW + wanted > int(NOW) + left


@given(st.sampled_from((NO_ANSWER, 500, 502, 503, 504)), st.sampled_from(SAFE), st.integers(1, PATIENCE.tries - 1))
def test_what_says_the_same_twice_is_sent_again_when_no_whole_answer_came(
    status: int, method: str, attempt: int
) -> None:
    assert wait_s(Answer(status, {}), method, attempt, PATIENCE, NOW) is not None


@given(st.floats(0.01, 100), st.integers(1, 7))
def test_waits_grow(first_s: float, attempt: int) -> None:
    assert growing(first_s, attempt) < growing(first_s, attempt + 1)


def test_a_forbidden_call_is_no_limit_unless_it_says_so() -> None:
    assert not Answer(403, {}, "Resource not accessible by integration").is_limited
    assert Answer(403, {}, "You have exceeded a secondary rate limit").is_limited
    assert Answer(403, {"retry-after": "1"}).is_limited
