"""What services offer for a receipt."""

from django import template

from receipts.next_steps import StepLink, links
from receipts.queries import Finding

register = template.Library()


@register.simple_tag
def service_steps(finding: Finding) -> list[StepLink]:
    """The links: `{% service_steps finding as steps %}`."""
    return links(finding)
