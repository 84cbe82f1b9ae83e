"""What a finished run may be given later: other claims, another description."""

from __future__ import annotations

from forgetbench.derive.evidence import gains_asked, write_claims, write_evidence
from forgetbench.plan.plan import Plan
from forgetbench.progress import Progress, warnings_to
from forgetbench.record.folder import RunFolder
from forgetbench.report.write import write_report
from forgetbench.suite.portable import portable_suite


def claims_due(plan: Plan, folder: RunFolder) -> bool:
    """Tell whether a finished run was judged by other claims than the suite's, or describes it in other words."""
    manifest = folder.read_manifest()
    return (manifest["claims"], manifest["suite"]["description"]) != (plan.claims, plan.suite.description)


def add_claims(plan: Plan, folder: RunFolder, progress: Progress) -> None:
    """Describe and judge a finished run by the suite's words and claims; nothing is measured again.

    Claims may ask for other gains at which forgetting is compared; then that table is made anew.
    """
    manifest = folder.read_manifest()
    asked = {*gains_asked(manifest["claims"])} != {*gains_asked(plan.claims)}
    manifest["claims"] = plan.claims
    manifest["suite"] |= {key: portable_suite(plan.suite)[key] for key in ("claims", "description")}
    folder.write_manifest(manifest)
    if asked:
        write_evidence(folder, progress)
    else:
        write_claims(folder)
    folder.journal.add(*write_report(folder.path, warn=warnings_to(progress)))
    folder.journal.seal_again()
