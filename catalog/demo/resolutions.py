"""Pure: what became of a 311 request, as the stage and grade of a tip. The reasons are in README.md beside this.

New York closes a request with a sentence. Each of the 21 that stand in the file is mapped here, whole, and one
that is not here is refused: a new sentence needs a person to read it.
"""

from __future__ import annotations

from dataclasses import dataclass

NYPD = "The Police Department "
DOT = "The Department of Transportation "


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a tip's life with its grade, 0 to 5."""

    stage: str
    grade: int = 0


RECEIVED = Stage("received")
REJECTED = Stage("rejected")

STAGE_OF_RESOLUTION: dict[str, Stage] = {
    # Solved: the wrong was found and ended.
    f"{NYPD}made an arrest in response to the complaint.": Stage("solved", 5),
    f"{NYPD}issued a summons in response to the complaint.": Stage("solved", 3),
    f"{NYPD}responded to the complaint and took action to fix the condition.": Stage("solved", 1),
    # Adopted: found to be so and passed on to, or taken up by, those who mend it.
    f"{NYPD}visited the location and has referred the complaint to the Department of Homeless Services (DHS) for "
    "further action. DHS will inspect the condition and update your Service Request with more information.": Stage(
        "adopted", 1
    ),
    f"{DOT}referred this complaint to the appropriate Maintenance Unit for repair.": Stage("adopted"),
    "The Department of Homeless Services has sent a mobile outreach response team to the location.": Stage(
        "adopted", 1
    ),
    "The mobile outreach response team offered services to the individual, but the individual did not accept "
    "assistance.": Stage("adopted", 1),
    "The graffiti on this property has been scheduled to be removed by the City.": Stage("adopted", 1),
    "The graffiti has been reported. The property owner will be notified that the City will remove the graffiti "
    "after 35 days unless the property owner requests to keep the graffiti or remove it himself or herself.": Stage(
        "adopted"
    ),
    # Rejected: looked into and not confirmed.
    f"{NYPD}responded to the complaint and with the information available observed no evidence of the violation at "
    "that time.": REJECTED,
    f"{NYPD}responded and upon arrival those responsible for the condition were gone.": REJECTED,
    f"{NYPD}responded to the complaint and determined that police action was not necessary.": REJECTED,
    f"{NYPD}responded to the complaint but officers were unable to gain entry into the premises.": REJECTED,
    # Received: still open, a duplicate, or closed without saying what was found.
    "": RECEIVED,
    "N/A": RECEIVED,
    "The following complaint conditions are still open. HPD may attempt to contact you to verify the correction of "
    "the condition or may conduct an inspection.": RECEIVED,
    "The complaint you filed is a duplicate of a condition already reported by another tenant for a building-wide "
    "condition. The original complaint is still open. HPD may attempt to contact you to verify the correction of the "
    "condition or may conduct an inspection of your unit if the original complainant is not available for "
    "verification.": RECEIVED,
    f"{DOT}determined that this complaint is a duplicate of a previously filed complaint. The original complaint is "
    "being addressed.": RECEIVED,
    "Your complaint has been received by the Police Department and additional information will be available "
    "later.": RECEIVED,
    f"{NYPD}reviewed your complaint and provided additional information below.": RECEIVED,
    "Due to technical issues or other circumstances, the Department of Homeless Services has determined that "
    "this request should now be administratively closed.": RECEIVED,
}
