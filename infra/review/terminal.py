"""A review for a terminal."""

from infra.review.finding import Section
from infra.review.review import Review
from infra.review.visible import visible


def write(review: Review) -> str:
    """The verdict first, then each section."""
    lines = [f"{review.verdict.word.upper()}: {visible(review.why)}", review.origin.sentence, ""]
    for section in Section:
        if found := review.of(section):
            lines += [section.value, ""]
            for finding in found:
                lines.append(f"  {finding.verdict.word}: {visible(finding.title)}")
                lines += [f"      {visible(line)}" for line in finding.details]
            lines.append("")
    return "\n".join([*lines, f"Fingerprint {review.fingerprint}", ""])
