"""The reader of Dockerfiles that scripts/try_image.py runs them by."""

from pathlib import PurePosixPath

import dockerfile
import pytest

from tests.conftest import ROOT


def test_continued_lines_lose_their_comments_and_keep_the_number_of_the_first():
    text = "FROM a AS one\n\n# told\nRUN x \\\n# told within\n && y\n"
    (stage,) = dockerfile.stages(text)
    assert (stage.base, stage.name) == ("a", "one")
    assert [(step.line, step.name, step.words) for step in stage.steps] == [(4, "RUN", ("x  && y",))]


def test_options_lists_and_quoted_words_are_told_apart():
    text = 'FROM a\nCOPY --from=parts /x /y\nENV A="b c" D=e\nHEALTHCHECK --interval=5s CMD ["p", "q r"]\n'
    (stage,) = dockerfile.stages(text)
    assert [(step.options, step.words) for step in stage.steps] == [
        ({"from": "parts"}, ("/x", "/y")),
        ({}, ("A=b c", "D=e")),
        ({"interval": "5s"}, ("p", "q r")),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RUN x\n", "before the first FROM"),
        ("FROM a\nADD x y\n", "ADD is not known"),
        ("FROM a\nRUN x \\\n", "for ever"),
    ],
)
def test_what_it_does_not_know_it_refuses(text, said):
    with pytest.raises(dockerfile.DockerfileError, match=said):
        dockerfile.stages(text)


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        (".git/config", True),
        ("lab/__pycache__/x.pyc", True),
        ("pages/x.pyc", True),
        ("tests/vectors/a.json", True),
        ("firmware/virtual_board/node_modules/esbuild", True),
        (".env", True),
        (".env.local", True),
        ("deploy/certificates/privkey.pem", True),
        ("lab/deploy/build.py", False),
        ("deploy/health.py", False),
        ("NOTICE", False),
        (".streamlit/config.toml", False),
    ],
)
def test_secrets_and_what_was_built_stay_out_of_the_image(path, left_out):
    patterns = dockerfile.ignore_patterns((ROOT / ".dockerignore").read_text("utf-8"))
    assert dockerfile.ignored(PurePosixPath(path), patterns) is left_out


def test_the_image_runs_as_a_plain_user_and_keeps_only_its_volume():
    last = dockerfile.stages((ROOT / "Dockerfile").read_text("utf-8"))[-1]
    said = {step.name: step.words for step in last.steps}
    environment = dict(word.split("=", 1) for step in last.steps if step.name == "ENV" for word in step.words)
    assert said["USER"] == ("lab",)
    assert said["VOLUME"] == ("/data",)
    assert {environment[name] for name in ("LAB_HOME", "XDG_CACHE_HOME", "HOME")} == {
        "/data/lab",
        "/data/cache",
        "/data",
    }
    assert said["HEALTHCHECK"] == ("python", "deploy/health.py")
