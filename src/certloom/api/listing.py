"""What lists have in common: which page is asked for."""

from certloom.api.binding import Paging as ListRequest
from certloom.api.call import Call
from certloom.store.listing import Paging

__all__ = ["ListRequest", "page_of"]


def page_of(call: Call) -> Paging:
    """The page a list request asks for. Raises what ``read_query`` raises."""
    wanted = call.query(ListRequest)
    return Paging(wanted.page_returned, wanted.return_limit, wanted.sort_field or None, wanted.descending)
