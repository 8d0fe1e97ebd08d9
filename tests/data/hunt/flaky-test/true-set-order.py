# at: tests/test_tags.py
def test_tags(post):
    assert list(set(post.tags)) == ["a", "b"]  # HIT
    assert ",".join({"x", "y"}) == "x,y"  # HIT
