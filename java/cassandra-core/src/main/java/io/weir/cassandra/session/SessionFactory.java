package io.weir.cassandra.session;

import static com.datastax.oss.driver.api.core.config.DefaultDriverOption.*;

import com.datastax.dse.driver.api.core.config.DseDriverOption;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.CqlSessionBuilder;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.ssl.ProgrammaticSslEngineFactory;
import java.time.Duration;
import java.util.List;

/** Opens driver sessions with the settings that suit a stream processor. */
final class SessionFactory {
  private SessionFactory() {}

  static CqlSession open(SessionConfig config) {
    CqlSessionBuilder builder =
        CqlSession.builder()
            // The loader's classes, not those of whichever thread happens to open the session.
            .withClassLoader(SessionFactory.class.getClassLoader())
            .withConfigLoader(driverConfig(config))
            .withLocalDatacenter(config.localDatacenter())
            .addContactPoints(
                config.contactPoints().stream().map(SessionConfig::parseContactPoint).toList());
    if (config.username() != null) {
      builder.withAuthCredentials(config.username(), config.password().reveal());
    }
    if (config.tls() != null) {
      builder.withSslEngineFactory(
          new ProgrammaticSslEngineFactory(
              config.tls().sslContext(), null, config.tls().verifyHostname(), false));
    }
    return builder.build();
  }

  private static DriverConfigLoader driverConfig(SessionConfig config) {
    return DriverConfigLoader.programmaticBuilder(SessionFactory.class.getClassLoader())
        .withString(SESSION_NAME, "weir-" + config.keyspace())
        .withDuration(REQUEST_TIMEOUT, config.requestTimeout())
        .withBoolean(RESOLVE_CONTACT_POINTS, false)
        // Several writers share a connection, and each bounds its own requests.
        .withInt(CONNECTION_MAX_REQUESTS, 8192)
        // Requests that an outage let time out must not cost the connection when it ends.
        .withInt(CONNECTION_MAX_ORPHAN_REQUESTS, 2048)
        // The driver's own 1 s to 60 s would keep a job waiting long after a node is back.
        .withDuration(RECONNECTION_BASE_DELAY, Duration.ofMillis(200))
        .withDuration(RECONNECTION_MAX_DELAY, Duration.ofSeconds(5))
        .withDuration(HEARTBEAT_INTERVAL, Duration.ofSeconds(10))
        .withStringList(METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of(config.keyspace()))
        .withDuration(METADATA_SCHEMA_REQUEST_TIMEOUT, Duration.ofSeconds(20))
        .withBoolean(NETTY_DAEMON, true)
        // Long enough for the last notifications, short enough for a job's end to wait for.
        .withString(NETTY_IO_SHUTDOWN_UNIT, "MILLISECONDS")
        .withInt(NETTY_IO_SHUTDOWN_QUIET_PERIOD, 100)
        .withInt(NETTY_IO_SHUTDOWN_TIMEOUT, 2000)
        .withString(NETTY_ADMIN_SHUTDOWN_UNIT, "MILLISECONDS")
        .withInt(NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 100)
        .withInt(NETTY_ADMIN_SHUTDOWN_TIMEOUT, 2000)
        .withBoolean(DseDriverOption.MONITOR_REPORTING_ENABLED, false)
        .build();
  }
}
