package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.weir.registry.RegistryConfig;
import io.weir.registry.RegistryConfig.TruststoreType;
import io.weir.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TruststoreTest {
  private static final Schema SCHEMA = Wire.parse("{'type':'record','name':'R','fields':[]}");
  private static final String PASSWORD = "changeit";

  @TempDir static Path folder;
  private static TestRegistry server;

  @BeforeAll
  static void serve() throws Exception {
    keytool("-genkeypair -alias a -keyalg EC -dname CN=localhost -ext san=dns:localhost");
    keytool("-exportcert -alias a -rfc -file " + folder.resolve("ca.pem"));
    HttpsServer https = HttpsServer.create(TestRegistry.loopback(), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(serverContext()));
    server = new TestRegistry(https);
    server.register(1, SCHEMA);
  }

  private static void keytool(String arguments) throws Exception {
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(tool));
    command.addAll(List.of(arguments.split(" ")));
    command.addAll(
        List.of("-keystore", store().toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static Path store() {
    return folder.resolve("store.p12");
  }

  private static SSLContext serverContext() throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store())) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static Schema fetch(Path truststore, String password, TruststoreType type)
      throws Exception {
    RegistryConfig config =
        new RegistryConfig(
            server.url().replace("http:", "https:"),
            null,
            null,
            truststore == null ? null : truststore.toString(),
            password,
            type,
            Duration.ofSeconds(10),
            0);
    return new SchemaRegistry(config, System::nanoTime).byId(1, () -> {});
  }

  @Test
  void trustsAPemFile() throws Exception {
    assertThat(fetch(folder.resolve("ca.pem"), null, TruststoreType.PEM)).isEqualTo(SCHEMA);
  }

  @Test
  void trustsAPkcs12File() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(folder.resolve("ca.pem"))) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    Path file = folder.resolve("trusted.p12");
    try (var out = Files.newOutputStream(file)) {
      trusted.store(out, PASSWORD.toCharArray());
    }
    assertThat(fetch(file, PASSWORD, TruststoreType.PKCS12)).isEqualTo(SCHEMA);
  }

  @Test
  void aCertificateNobodySignedIsNotTrusted() {
    assertThatThrownBy(() -> fetch(null, null, TruststoreType.PKCS12))
        .isInstanceOf(IOException.class)
        .hasStackTraceContaining("certification path");
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> fetch(folder.resolve("none.p12"), PASSWORD, TruststoreType.PKCS12))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none.p12");
  }
}
