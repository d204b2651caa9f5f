package io.weir.registry;

import java.io.Serializable;
import java.time.Duration;

/**
 * How to reach a registry. Within a JVM, equal configurations share one client and one cache.
 *
 * @param url without a trailing slash
 * @param passwordPath a file with the password, instead of {@code password}; read for each request,
 *     so a changed password needs no restart
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

  /** The formats of a truststore. */
  public enum TruststoreType {
    PKCS12,
    JKS,
    PEM
  }

  /** A registry with its password as text, or without one. */
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

  /** A registry without credentials that uses the certificates of the JVM. */
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

  /** Hides the credentials, because this text may end up in a log. */
  @Override
  public String toString() {
    return "RegistryConfig[url=" + url + "]";
  }
}
