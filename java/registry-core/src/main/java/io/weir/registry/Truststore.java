package io.weir.registry;

import io.weir.registry.RegistryConfig.TruststoreType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The certificates used to verify the registry. */
final class Truststore {
  private Truststore() {}

  /**
   * Returns an SSL context that trusts only the configured certificates.
   *
   * @throws IOException if the truststore cannot be read
   */
  static SSLContext load(RegistryConfig config) throws IOException {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(read(config));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IOException("Cannot read the truststore " + config.truststoreLocation(), e);
    }
  }

  private static KeyStore read(RegistryConfig config) throws GeneralSecurityException, IOException {
    boolean pem = config.truststoreType() == TruststoreType.PEM;
    KeyStore store =
        KeyStore.getInstance(pem ? KeyStore.getDefaultType() : config.truststoreType().name());
    try (InputStream file = Files.newInputStream(Path.of(config.truststoreLocation()))) {
      if (!pem) {
        String password = config.truststorePassword();
        store.load(file, password == null ? null : password.toCharArray());
        return store;
      }
      store.load(null, null);
      int index = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        store.setCertificateEntry("ca-" + index++, each);
      }
      return store;
    }
  }
}
