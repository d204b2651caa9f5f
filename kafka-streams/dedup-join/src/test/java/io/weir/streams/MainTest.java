package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  @TempDir Path folder;

  @Test
  void everyClientGetsThePasswordThatLiesInAFile() throws IOException {
    Files.writeString(folder.resolve("password"), "s3cret");
    Path file = folder.resolve("kafka.properties");
    Files.writeString(
        file,
        """
        security.protocol=SASL_SSL
        config.providers=directory
        config.providers.directory.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
        sasl.jaas.config=login password="${directory:%s:password}";
        """
            .formatted(folder));
    Properties settings = new Properties();
    Main.parse(
        new String[] {"--properties", file.toString(), "--property", "group.instance.id=pod-0"},
        settings);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "weir-orders");
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "kafka:9093");
    StreamsConfig config = new StreamsConfig(settings);
    String login = "login password=\"s3cret\";";
    assertThat(config.getMainConsumerConfigs("weir-orders", "client", 0))
        .containsEntry("sasl.jaas.config", login)
        .containsEntry("security.protocol", "SASL_SSL");
    assertThat(config.getProducerConfigs("client")).containsEntry("sasl.jaas.config", login);
    assertThat(config.getAdminConfigs("client")).containsEntry("sasl.jaas.config", login);
    assertThat(config.getGlobalConsumerConfigs("client")).containsEntry("sasl.jaas.config", login);
  }
}
