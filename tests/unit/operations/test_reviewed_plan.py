"""The plan that people approve has a name, which the job that waits for them is told."""

from operations.reviewed_plan import main

REVIEW = "<!-- backlog-review stack=prod commit=0123abc fingerprint=0123456789abcdef -->\n# Safe\n"


def test_in_a_workflow_the_fingerprint_is_an_output_and_the_review_the_summary(tmp_path, monkeypatch, capsys):
    review, output, summary = (tmp_path / name for name in ("review.md", "output", "summary"))
    review.write_text(REVIEW)
    output.write_text("before=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert main([str(review)]) == 0
    assert output.read_text() == "before=1\nfingerprint=0123456789abcdef\n"
    assert summary.read_text() == REVIEW
    assert capsys.readouterr().out == "0123456789abcdef\n"


def test_what_has_no_fingerprint_can_not_be_approved(tmp_path, monkeypatch, capsys):
    review, output = tmp_path / "review.md", tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    for text in ("", "# Safe", REVIEW.replace("0123456789abcdef", "x\ny"), f" {REVIEW}"):
        review.write_text(text)
        assert main([str(review)]) == 1
    assert main([str(tmp_path / "none")]) == 1
    assert not output.exists()
    assert "does not begin with a review's marker" in capsys.readouterr().err
