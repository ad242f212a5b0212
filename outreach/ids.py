"""Numbers and public ids derived from keys: the same everywhere, for ever."""

from hashlib import blake2b

BUCKETS = 2_147_483_647  # 2^31 − 1, a prime


def bucket(key: str) -> int:
    """A customer's bucket, 0 ≤ bucket < 2^31 − 1, from the key alone: arms are made from it."""
    digest = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def arm_factors(salt: str, name: str) -> tuple[int, int]:
    """`(a, b)` of a campaign's arm `((bucket * a + b) % (2^31 − 1)) % 10000`.

    `a` is never 0; the product stays below 2^62, so SQL's bigint and Python agree.
    """
    digest = blake2b(f"{salt}\x00{name}".encode(), digest_size=16).digest()
    a = int.from_bytes(digest[:8], "big") % (BUCKETS - 1) + 1
    return a, int.from_bytes(digest[8:], "big") % BUCKETS


def arm(bucket_of_customer: int, salt: str, name: str) -> int:
    """Where a customer falls in 0 … 9999 for a campaign."""
    a, b = arm_factors(salt, name)
    return (bucket_of_customer * a + b) % BUCKETS % 10_000


def variants_of(campaign: str) -> str:
    """The name under which a campaign's variants are dealt out: whoever is held out changes none."""
    return f"{campaign}\x00variants"


def test_of(campaign: str) -> str:
    """The name under which it is dealt out on whom a campaign tries its variants."""
    return f"{campaign}\x00test"
