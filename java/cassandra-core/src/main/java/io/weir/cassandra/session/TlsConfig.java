package io.weir.cassandra.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS settings for connections to Cassandra.
 *
 * @param truststore the trusted certificates; null for those of the JVM
 * @param keystore the client's certificate for mutual TLS; null for none
 * @param verifyHostname whether a node's certificate must contain {@code serverName}
 * @param serverName the name in the certificate of every node; null for the address of each
 */
public record TlsConfig(Store truststore, Store keystore, boolean verifyHostname, String serverName)
    implements Serializable {

  /** A key store file of a type that the JVM supports, such as PKCS12 or JKS. */
  public record Store(String path, Secret password, String type) implements Serializable {

    private char[] passwordChars() {
      return password == null ? null : password.reveal().toCharArray();
    }

    private KeyStore load(String role) {
      try (InputStream in = Files.newInputStream(Path.of(path))) {
        KeyStore store = KeyStore.getInstance(type);
        store.load(in, passwordChars());
        return store;
      } catch (IOException | GeneralSecurityException e) {
        throw new IllegalArgumentException(
            "The %s '%s' cannot be opened as %s (%s). Check its path, type and password on every worker."
                .formatted(role, path, type, e.getMessage()),
            e);
      }
    }
  }

  /**
   * Reads the stores.
   *
   * @throws IllegalArgumentException with the name of the store that cannot be opened
   */
  SSLContext sslContext() {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(truststore == null ? null : truststore.load("truststore"));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keystore == null ? null : keyManagers().getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  private KeyManagerFactory keyManagers() throws GeneralSecurityException {
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keystore.load("keystore"), keystore.passwordChars());
    return factory;
  }
}
