package io.weir.registry;

import java.io.Serializable;
import java.time.Duration;

/**
 * How to reach a registry. Equal ones share one client and one cache in a JVM.
 *
 * @param url without a slash at the end
 */
public record RegistryConfig(
    String url,
    String username,
    String password,
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
