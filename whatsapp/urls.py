"""Addresses below /whatsapp/, for providers' webhooks."""

from django.urls import path

from whatsapp.webhooks import views

urlpatterns = [
    path("webhooks/cloud/", views.cloud, name="whatsapp-webhook-cloud"),
    path("webhooks/twilio/", views.twilio, name="whatsapp-webhook-twilio"),
]
