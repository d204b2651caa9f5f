package io.weir.registry;

import java.io.Serializable;
import java.time.Duration;

/**
 * How to reach a registry. Equal ones share one client and one cache in a JVM.
 *
 * @param url without a slash at the end
 * @param passwordPath a file with the password, instead of the password; read at every request, so
 *     that a new password needs no restart
 */
public record RegistryConfig(
    String url,
    String username,
    String password,
    String passwordPath,
    String truststoreLocation,
    String truststorePassword,
    TruststoreType truststoreType,
    Duration requestTimeout,
    int maxRetries)
    implements Serializable {

  /** Formats of a truststore. */
  public enum TruststoreType {
    PKCS12,
    JKS,
    PEM
  }

  /** A registry whose password, if any, is given and not in a file. */
  public RegistryConfig(
      String url,
      String username,
      String password,
      String truststoreLocation,
      String truststorePassword,
      TruststoreType truststoreType,
      Duration requestTimeout,
      int maxRetries) {
    this(
        url,
        username,
        password,
        null,
        truststoreLocation,
        truststorePassword,
        truststoreType,
        requestTimeout,
        maxRetries);
  }

  /** A registry without credentials, and with the certificates of the JVM. */
  public static RegistryConfig of(String url) {
    return new RegistryConfig(
        url.replaceAll("/+$", ""),
        null,
        null,
        null,
        null,
        TruststoreType.PKCS12,
        Duration.ofSeconds(10),
        5);
  }

  /** Without credentials, as it may end up in a log. */
  @Override
  public String toString() {
    return "RegistryConfig[url=" + url + "]";
  }
}
