"""A credential in the code."""

from pathlib import Path

from tests.hunt.trees import found

SECRET = "Vq7!mzR2" + "pLw9"


def test_the_finding_does_not_show_the_secret(tmp_path: Path) -> None:
    (each,) = found(tmp_path, "hardcoded-credential", {"a.py": f'db_password = "{SECRET}"\n'}, confidence=0.55)
    assert (each.severity, each.category) == ("high", "CWE-798")
    assert SECRET not in each.to_json()


def test_a_token_with_a_known_form_is_found_in_any_file_and_not_shown(tmp_path: Path) -> None:
    token = "gh" + "p_" + "a8Kd02LmQz7Rt5Xy1Bn4Cv6Wp9Es3Hj0Gf2U"
    (each,) = found(
        tmp_path, "hardcoded-credential", {"deploy/run.sh": f"curl -H 'Authorization: {token}'\n"}, confidence=0.6
    )
    assert token not in each.to_json()


def test_what_people_type_is_below_the_default(tmp_path: Path) -> None:
    (each,) = found(tmp_path, "hardcoded-credential", {"a.py": 'db_password = "Welcome2shop"\n'}, confidence=0)
    assert each.confidence == 0.5
