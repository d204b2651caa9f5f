# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""Signing in to Superset with any OpenID Connect provider.

Flask-AppBuilder reads people of providers whose names it knows (`get_oauth_user_info` in its security/manager.py) and
raises OAuthProviderUnknown for all others. Here they are read from the ID token and userinfo, by the claims that the
stack names. Authlib, below, discovers the endpoints and checks the token: signature, issuer, audience, nonce, PKCE.
"""

from __future__ import annotations

import time
from typing import Any

import requests
from authlib.common.urls import add_params_to_uri
from flask import Response, current_app, g, make_response, redirect, render_template_string, request, session
from flask_appbuilder import expose
from flask_appbuilder.security.views import AuthOAuthView
from superset.security import SupersetSecurityManager

from weir.superset.access import keep
from weir.superset.claims import RefusedError, merged, missing, person, texts_of

PROVIDER = "company"
"""Part of the address that the provider redirects people to, and of the login page: "Sign in with Company"."""
SIGNED_IN_UNTIL = "signed_in_until"

REFUSAL = """<!doctype html>
<html lang="en">
<title>No access - weir</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em; color: #1f2d36 }
  h1 { font-size: 1.5em } dt { font-weight: 600 } a { color: #1B6CA8 }
</style>
<h1>You cannot use weir's dashboards</h1>
<p>{{ why }}</p>
{% if user %}
<dl>
  <dt>Signed in as</dt><dd>{{ user.username }}</dd>
  <dt>Your groups</dt><dd>{{ user.role_keys | join(", ") or "none" }}</dd>
</dl>
{% endif %}
<p><a href="{{ logout }}">Sign in as somebody else</a></p>
</html>
"""


class SignInView(AuthOAuthView):
    """The way back from the provider, with a page for those who are refused, and the way out."""

    @expose("/oauth-authorized/<provider>")
    def oauth_authorized(self, provider: str) -> Response:
        """Lets somebody in, or says why not."""
        answer = super().oauth_authorized(provider)
        if "refusal" not in g:
            return answer
        session.clear()
        page = render_template_string(
            REFUSAL, why=g.refusal, user=g.get("refused_user"), logout=self.appbuilder.get_url_for_logout
        )
        return make_response(page, 403)

    @expose("/logout/")
    def logout(self) -> Response:
        """Ends the session here and, where the provider can (RP-Initiated Logout 1.0), there.

        `client_id` stands in for the ID token, which with many groups is too large for the cookie of a session.
        """
        answer = super().logout()
        session.clear()
        remote = self.appbuilder.sm.oauth_remotes[PROVIDER]
        try:
            end = remote.load_server_metadata().get("end_session_endpoint")
        except requests.RequestException:
            return answer
        if not end:
            return answer
        back = [("client_id", remote.client_id), ("post_logout_redirect_uri", f"{request.url_root}login/")]
        return redirect(add_params_to_uri(end, back))


class SignInManager(SupersetSecurityManager):
    """Superset's rules, and people as the provider describes them."""

    authoauthview = SignInView

    def set_oauth_session(self, provider: str, oauth_response: dict[str, Any]) -> None:
        """Keeps no token: nothing needs one later, and a large one would not fit into the session's cookie."""
        session["oauth_provider"] = provider

    def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
        """The person of a token response; userinfo is asked for what the ID token does not say.

        Raises:
            RefusedError: the claims do not make a user of weir.
        """
        remote, settings = self.oauth_remotes[provider], current_app.config["SIGN_IN"]
        names, access = settings["claims"], settings["access_claims"]
        claims = resp["userinfo"]  # what authlib calls the claims of the ID token that it has checked
        try:
            if missing(claims, [*names.values(), *access]) and "userinfo_endpoint" in remote.load_server_metadata():
                claims = merged(claims, remote.userinfo(token=resp))
            return {**person(claims, names), "access": texts_of(claims, access)}
        except RefusedError as refused:
            g.refusal = str(refused)
            raise

    def auth_user_oauth(self, userinfo: dict[str, Any]) -> Any:
        """The account of somebody in a group that has roles, made at the first visit; None for everybody else."""
        g.refused_user = userinfo
        roles = self.get_roles_from_keys(userinfo["role_keys"])
        if not roles:
            self._withdraw(userinfo["username"])
            g.refusal = (
                "None of your groups may see them. Ask whoever runs weir to add one of your groups, or you to one."
            )
            return None
        user = self._account(userinfo, list(roles)) and super().auth_user_oauth(userinfo)
        if not user:
            g.refusal = (
                "Your account is switched off, or another account has your e-mail address. Ask whoever runs weir."
            )
            return None
        settings = current_app.config["SIGN_IN"]
        if settings["access_claims"]:
            keep(user.id, userinfo["access"], settings["session_hours"])
        session[SIGNED_IN_UNTIL] = time.time() + settings["session_hours"] * 3600
        return user

    def load_user(self, pk: int) -> Any:
        """The user of a session, until it is time to sign in again: groups are read at a sign-in alone."""
        return super().load_user(pk) if time.time() < session.get(SIGNED_IN_UNTIL, 0) else None

    def _account(self, userinfo: dict[str, Any], roles: list[Any]) -> Any:
        """The account, made where it is missing; False where that fails."""
        username = userinfo["username"]
        # Addresses are unique and required; this one, for want of one, is Flask-AppBuilder's.
        email = userinfo["email"] or f"{username}@email.notfound"
        return self.find_user(username=username) or self.add_user(
            username, userinfo["first_name"], userinfo["last_name"], email, role=roles
        )

    def _withdraw(self, username: str) -> None:
        """Takes the roles of earlier visits away, so that sessions in other browsers end in nothing, too."""
        user = self.find_user(username=username)
        if user is not None:
            user.roles = []
            self.update_user(user)
