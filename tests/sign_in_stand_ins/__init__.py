"""An OpenID provider and WeChat on this machine, for tests and for trying the mall without either."""
