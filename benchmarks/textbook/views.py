"""The endpoint: token authentication, one sale a request, its receipt as the answer."""

from rest_framework.authentication import TokenAuthentication
from rest_framework.generics import CreateAPIView
from rest_framework.permissions import IsAuthenticated

from benchmarks.textbook.models import Sale
from benchmarks.textbook.serializers import SaleSerializer


class SaleView(CreateAPIView[Sale]):
    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    serializer_class = SaleSerializer
    queryset = Sale.objects.all()
