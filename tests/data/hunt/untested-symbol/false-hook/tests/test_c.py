def test_nothing_more():
    pass
