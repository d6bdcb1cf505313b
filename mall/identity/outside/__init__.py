"""Signing in with an identity from elsewhere: an OpenID provider, or WeChat."""
